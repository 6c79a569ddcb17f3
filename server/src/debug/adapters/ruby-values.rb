# frozen_string_literal: true

# What the gem debug tells of values. A value may answer every question with anything: with a text without end, with bytes
# that are no text, or with an exception, which the gem would take for one of its own and end the program.

require 'pp'

module DEBUGGER__
  module CodeBeaker
    # An answer has so many characters of names and values, each of which has at most MOST; and FEW where there is no room.
    ROOM = 2**20
    MOST = 65_536
    FEW = 100
    # So many entries of a hash are told.
    MOST_ENTRIES = 10_000
    # Every value can be asked for this, however it answers to names.
    PLAIN = Kernel.instance_method(:to_s)
    # Stands for the entries that are not told.
    Rest = Struct.new(:text) do
      def inspect
        text
      end
    end

    # Takes what is printed, until that is more than is told.
    class Printed
      attr_reader :text

      def initialize
        @text = +''
      end

      def <<(more)
        @text << more
        throw self if @text.bytesize > 4 * CodeBeaker.most
        self
      end
    end

    @room = ROOM

    class << self
      # How many characters the answer has room for that is being made.
      attr_writer :room

      def most
        @room.clamp(FEW, MOST)
      end

      def shortened(text)
        text.length > most ? "#{text[0, most]}…" : text
      end

      def fitting(text)
        return text unless String === text

        shortened(text).tap { |fit| @room = [@room - fit.length, 0].max }
      end

      # A list on one line, of which no more is looked at than is told.
      def listed(value)
        printed = Printed.new
        catch(printed) { PP.singleline_pp(value, printed) }
        printed.text
      end

      # The same in UTF-8, which JSON can carry.
      def readable(text)
        text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
      rescue EncodingError
        text.b.encode(Encoding::UTF_8, invalid: :replace, undef: :replace)
      end

      # The same without anything that is no JSON.
      def sendable(value)
        case value
        when Hash then value.transform_values { |each| sendable(each) }
        when Array then value.map { |each| sendable(each) }
        when String, Symbol then readable(String.new(value.to_s))
        when Integer, Float, true, false then value
        end
      end
    end

    module Inspection
      def safe_inspect(value, **options)
        value = value[0, CodeBeaker.most + 1] if String === value && value.length > CodeBeaker.most
        text = Array === value || Hash === value ? CodeBeaker.listed(value) : super
        CodeBeaker.shortened(CodeBeaker.readable(String.new(text)))
      rescue Exception
        PLAIN.bind(value).call
      end
    end

    module Variables
      def variable(name, value)
        told =
          begin
            super.tap { |each| each[:type] = CodeBeaker.shortened(each[:type]) }
          rescue Exception
            # It is shown without its parts.
            { name: name, value: DEBUGGER__.safe_inspect(value), variablesReference: 0, indexedVariables: 0, namedVariables: 0 }
          end
        told.merge(name: CodeBeaker.fitting(name), value: CodeBeaker.fitting(told[:value]))
      end

      # What goes wrong with a request is the answer to it.
      def process_dap(args)
        type, request, number = args
        CodeBeaker.room = ROOM
        type == :variable ? with_few(number) { super } : super
      rescue SystemExit, Interrupt
        raise
      rescue Exception => e
        event! :dap_result, :evaluate, request, message: CodeBeaker.words(e), tid: id
      end

      private

      # Has a large hash have fewer entries meanwhile.
      def with_few(number)
        value = @var_map[number]
        return yield unless Hash === value && value.size > MOST_ENTRIES

        begin
          more = value.size - MOST_ENTRIES
          rest = { Rest["#{MOST_ENTRIES}…#{value.size - 1}"] => Rest["#{more} more entries are not shown: an expression such as hash.drop(#{MOST_ENTRIES}).first(100) shows some of them"] }
          @var_map[number] = value.first(MOST_ENTRIES).to_h.merge(rest)
          yield
        ensure
          @var_map[number] = value
        end
      end
    end

    module Sending
      def send(**message)
        super(**CodeBeaker.sendable(message))
      end
    end

    DEBUGGER__.singleton_class.prepend(Inspection)
    ThreadClient.prepend(Variables)
    UI_DAP.prepend(Sending)
  end
end
