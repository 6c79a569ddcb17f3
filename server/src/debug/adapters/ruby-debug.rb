# frozen_string_literal: true

# Ruby requires this before the program that is debugged. It opens the gem debug on a connection to the daemon, and makes
# good what its older versions do wrong. The program begins when the client has said that it is configured.

require 'set'
require 'socket'
require 'debug/session'
require 'debug/server'
require 'debug/server_dap'
require_relative 'ruby-values'

module DEBUGGER__
  module CodeBeaker
    # The name of a folder that is not there says where to connect, and how, so that the variables of the program stay as they are.
    PLACE = $LOAD_PATH.find { |each| each.start_with?("#{__dir__}/debug/") }
    PORT, *MARKS = File.basename(PLACE).split('-')
    $LOAD_PATH.delete(PLACE)
    # Something is put into it when the session of the gem is there, and when the program may begin.
    OPENED = Queue.new
    CONFIGURED = Queue.new
    TESTS = { '' => :==, '=' => :==, '==' => :==, '===' => :==, '>' => :>, '>=' => :>=, '<' => :<, '<=' => :<= }.freeze
    @hits = Hash.new(0)
    @failed = Set.new

    class << self
      attr_accessor :raised

      # Answers a request in place of the gem. Returns false where the gem is to answer it.
      def answer(ui, request)
        arguments = request['arguments'] || {}
        case request['command']
        when 'configurationDone'
          ui.send_response(request)
          CONFIGURED << true
        when 'setBreakpoints' then ui.send_response(request, breakpoints: lines(arguments))
        when 'setFunctionBreakpoints' then ui.send_response(request, breakpoints: methods_of(arguments))
        when 'setExceptionBreakpoints' then return exceptions(arguments)
        when 'exceptionInfo' then information(ui, request)
        when 'continue', 'next', 'stepIn', 'stepOut'
          @going = true
          return false
        when 'pause'
          await_going
          return false
        when 'evaluate'
          # What a variable is to become has to be Ruby by itself, and a value: a comment is none.
          compiled("_ = #{compiled(arguments['value'])}\n") if arguments['value']
          return false
        when 'disconnect'
          # The gem might have ended the program before it answers.
          ui.send_response(request)
          Process.kill(:KILL, Process.pid)
        when 'terminate'
          ui.send_response(request)
          # What a stopped program did on its way out would be the gem's.
          Process.kill(SESSION.in_subsession? ? :KILL : :TERM, Process.pid)
        else return false
        end
        true
      rescue StandardError, ScriptError => e
        ui.send_response(request, success: false, message: words(e))
        true
      end

      # The gem passes over a pause that comes before the threads go on as they were told.
      def await_going
        going, @going = @going, false
        100.times do
          break unless going && SESSION.instance_variable_get(:@th_clients).values.any?(&:waiting?)
          sleep 0.005
        end
      end

      # What went wrong, in one line.
      def words(fault)
        text = fault.message
        if fault.is_a?(SyntaxError)
          # Since Ruby 3.4 the reasons stand below the lines that they are about.
          reasons = text.scan(/^\s*\|\s*\^~*\s*(\S.*)$/)
          text = reasons.empty? ? text.sub(/\A[^\n]*?:\d+: /, '') : reasons.join('; ')
        end
        shortened("#{fault.class}: #{text.lines.first.to_s.chomp}")
      rescue StandardError
        PLAIN.bind(fault).call
      end

      # Whether the gem has got this exception of what it was to evaluate.
      def raised_by_evaluation?(value)
        Exception === value && value.backtrace&.any? { |each| each.include?('process_dap') }
      end

      # Conditions of breakpoints call these three.

      def hit(id, operator, wanted)
        hits = @hits[id] += 1
        operator == '%' ? (hits % wanted).zero? : hits.public_send(TESTS.fetch(operator), wanted)
      end

      def log(parts)
        say("#{parts.join}\n")
        false
      end

      # Tells once that what is wanted at a place has failed.
      def failed(id, place, fault)
        return false unless @failed.add?(id)

        say("The condition of the breakpoint at #{place} failed: #{words(fault)}\n")
        false
      end

      private

      def say(text)
        SESSION.instance_variable_get(:@ui).send_event('output', category: 'console', output: text)
      end

      def clear
        SESSION.instance_variable_get(:@bps).delete_if { |_, breakpoint| yield(breakpoint) && breakpoint.delete }
      end

      def lines(arguments)
        path = arguments.dig('source', 'path')
        real = File.exist?(path) ? File.realpath(path) : path
        clear { |each| each.is_a?(LineBreakpoint) && [path, real].include?(each.path) }
        code = code_of(real)
        arguments['breakpoints'].map do |wanted|
          line = wanted['line']
          answered do
            line = stoppable(code, line) if code
            SESSION.add_line_breakpoint(path, wanted['line'], cond: condition(wanted, "#{real}:#{line}"))
          end.merge(line: line || wanted['line'])
        end
      end

      # What Ruby makes of a file. nil: it is none that Ruby reads, or it is wrong, which the program tells.
      def code_of(path)
        # Under its own name the gem would take it for a part of the program.
        RubyVM::InstructionSequence.compile(File.read(path), '(breakpoints)') if path.end_with?('.rb') || path == File.expand_path($PROGRAM_NAME)
      rescue StandardError, ScriptError
        nil
      end

      # The line at which the gem stops for a breakpoint at this one.
      def stoppable(code, line)
        found = []
        look = lambda do |part|
          if part.first_lineno <= line
            part.traceable_lines_norec(events = {})
            # The gem does not stop where a block is called.
            at = events.keys.sort.find { |each| each >= line && events[each] != [:RUBY_EVENT_B_CALL] }
            found << at if at
          end
          part.each_child(&look)
        end
        look.call(code)
        found.min or raise ArgumentError, 'no line from here on can stop'
      end

      def methods_of(arguments)
        clear { |each| each.is_a?(MethodBreakpoint) }
        arguments['breakpoints'].map { |wanted| answered { method_of(wanted) } }
      end

      def method_of(wanted)
        owner, operator, name = wanted['name'].match(/\A(?:(.+)([.#]))?([^.#]+)\z/)&.captures
        raise ArgumentError, 'a method is written as name, Class#name or Class.name' unless name

        breakpoint = MethodBreakpoint.new(TOPLEVEL_BINDING, owner || 'Object', operator || '#', name, cond: condition(wanted, wanted['name']))
        SESSION.add_bp(breakpoint)
        begin
          breakpoint.enable
        rescue NameError
          METHOD_ADDED_TRACKER.enable
          raise ArgumentError, "#{wanted['name']} is not defined yet; the program will stop there when it is"
        end
      end

      # An exception stops once, however many filters it passes.
      def exceptions(arguments)
        clear { |each| each.is_a?(CatchBreakpoint) }
        arguments['filters'] = ['any'] if arguments['filters']&.include?('any')
        false
      end

      def answered
        yield
        { verified: true }
      rescue ArgumentError => e
        { verified: false, message: e.message }
      rescue StandardError, ScriptError => e
        { verified: false, message: words(e) }
      end

      # The condition that has the breakpoint stop, count or log as it is wanted. nil: it always stops.
      def condition(wanted, place)
        parts = [tested(wanted['condition']), counted(wanted['hitCondition']), logged(wanted['logMessage'])].compact
        "begin; #{parts.join(' && ')}; rescue ::Exception; ::DEBUGGER__::CodeBeaker.failed(#{[place, wanted].hash}, #{place.inspect}, $!); end" unless parts.empty?
      end

      def tested(text)
        "(#{compiled(text)}\n)" unless text.nil? || text.strip.empty?
      end

      # The same text. It is Ruby by itself, so nobody is told of what is put around it.
      def compiled(text)
        RubyVM::InstructionSequence.compile(text)
        text
      end

      def counted(text)
        return nil if text.nil? || text.strip.empty?

        operator, wanted = text.match(/\A\s*(={0,3}|>=?|<=?|%)\s*([1-9]\d{0,14})\s*\z/)&.captures
        raise ArgumentError, "this is no number of hits: #{text}" unless wanted

        "::DEBUGGER__::CodeBeaker.hit(#{@last = @last.to_i + 1}, #{operator.inspect}, #{wanted})"
      end

      # What stands in braces is Ruby.
      def logged(text)
        return nil if text.nil? || text.empty?

        parts = text.split(/(\{[^{}]*\})/).map { |each| each.start_with?('{') && each.end_with?('}') ? shown(each[1..-2]) : each.inspect }
        "::DEBUGGER__::CodeBeaker.log([#{parts.join(', ')}])"
      end

      # Instead of a value what went wrong.
      def shown(expression)
        "begin; (#{compiled(expression)}\n); rescue ::Exception; ::DEBUGGER__::CodeBeaker.words($!); end"
      end

      def information(ui, request)
        raise ArgumentError, 'no exception was raised' unless raised

        ui.send_response(
          request, exceptionId: raised.class.name.to_s, description: raised.message.to_s, breakMode: 'always',
                   details: { message: raised.message.to_s, typeName: raised.class.name.to_s, stackTrace: (raised.backtrace || []).join("\n") }
        )
      end
    end

    module Requests
      def recv_request
        while (request = super)
          return request unless CodeBeaker.answer(self, request)
        end
      end

      # The gem would stop the program when a client connects.
      def pause; end
    end

    # It is described when the program has stopped there. Nothing of this file may be on the stack of the program.
    module Raises
      def description
        CodeBeaker.raised = last_exc
        super
      end
    end

    # What an evaluation raises is no value.
    module Evaluations
      def evaluate_result(value)
        return super unless CodeBeaker.raised_by_evaluation?(value)

        { message: CodeBeaker.words(value) }
      end
    end

    # The gem would listen; this connects. Older versions do so before `SESSION` is there, which the first request may need.
    module Connection
      def accept
        OPENED.pop
        socket = TCPSocket.new('127.0.0.1', Integer(PORT))
        socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
        yield socket
      end
    end

    UI_DAP.prepend(Requests)
    ThreadClient.prepend(Evaluations)
    CatchBreakpoint.prepend(Raises)
    UI_UnixDomainServer.prepend(Connection)
  end

  # Processes that the program forks are not debugged.
  libraries = [RbConfig::CONFIG['rubylibprefix'], *Gem.path].compact.map { |each| /\A#{Regexp.escape(each)}\// }
  DEBUGGER__.open(sock_path: CodeBeaker::PLACE, sock_dir: __dir__, nonstop: true, no_rc: true, no_color: true, fork_mode: :parent, log_level: :ERROR,
       **(CodeBeaker::MARKS.include?('mine') ? { skip_path: libraries } : {}))
  CodeBeaker::OPENED << true
  CodeBeaker::CONFIGURED.pop
  # Ruby has opened the program before it required this, and has read its beginning. What was written since then counts.
  ObjectSpace.each_object(File).find { |each| !each.closed? && each.path == $PROGRAM_NAME }&.reopen($PROGRAM_NAME)
  DEBUGGER__.add_line_breakpoint($PROGRAM_NAME, 0, oneshot: true, hook_call: false) if CodeBeaker::MARKS.include?('entry')
end
