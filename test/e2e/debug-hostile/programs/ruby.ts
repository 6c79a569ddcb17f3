/** Hostile programs in Ruby, whose debugger is a part of the program. */
import type { HostileProgram } from './program.ts';

/** Sends a signal to whatever it finds. */
const signals = (signal: string) => `Dir.children('/proc').grep(/\\A\\d+\\z/).map(&:to_i).each do |pid|
  Process.kill(:${signal}, pid) if pid > 1 && pid != Process.pid
rescue SystemCallError
  nil
end
`;

export const ruby: HostileProgram = {
  language: 'ruby',
  main: 'main.rb',
  literal: JSON.stringify,
  code: {
    forges: `[$stdout, $stderr].each { |stream| stream.syswrite(FORGED) }
x = 1 # here
`,
    // The connection to the daemon is among its own descriptors.
    writes: `require 'socket'
Dir.glob('/proc/[0-9]*/fd/*').each do |path|
  File.open(path, File::WRONLY | File::NONBLOCK) { |file| file.write_nonblock(FORGED) }
rescue StandardError
  nil
end
(3..30).each do |fd|
  IO.for_fd(fd, 'w', autoclose: false).write_nonblock(FORGED)
rescue StandardError
  nil
end
File.readlines('/proc/net/tcp').drop(1).map(&:split).each do |_, local, _, state|
  Socket.tcp('127.0.0.1', local[-4..].hex, connect_timeout: 1).write(FORGED) if state == '0A'
rescue StandardError
  nil
end
sleep 0.3
x = 1 # here
`,
    stops: `${signals('STOP')}(Thread.list - [Thread.current]).each(&:kill)
File.write('sent', '')
sleep
x = 1 # here
`,
    kills: `${signals('KILL')}sleep
x = 1 # here
`,
    floods: `spawn('yes', 'flood')
x = 1 # here
sleep
`,
    holds: `large = 'x' * 20_000_000
round_about = []
round_about << round_about
deep = []
100_000.times { deep = [deep] }
class Odd
  def inspect = inspect
end
odd = Odd.new
class Silent
  def inspect = nil
  def self.name = raise('no name')
end
class Loud
  def inspect = "\\xff\\xfe".b
  def instance_variables = raise('none')
end
others = [BasicObject.new, Silent.new, Loud.new, (1..100_000).to_h { |at| [at, large] }]
first, second, third, many = others
named = { "a\\x1b]52;c;eA==\\x07\\n\\u202eb" => 7 }
x = 1 # here
`,
    takes: 'x = 1 # here\n',
  },
  // A file that Ruby requires first connects before the gem does.
  taker: {
    env: { RUBYOPT: '-r/workspace/taker.rb' },
    files: {
      'taker.rb': `port = $LOAD_PATH.grep(%r{/debug/(\\d+)}) { $1 }.first
if port
  require 'socket'
  TAKEN = TCPSocket.new('127.0.0.1', port)
  TAKEN.write(FORGED)
end
`,
    },
  },
};
