# Ruby requires this before the program: it waits for the order (order.ts), carries it out and leaves no trace.
$stdout.sync = true
lambda do
  take = lambda do |count|
    taken = count == 0 ? '' : $stdin.sysread(count)
    taken << $stdin.sysread(count - taken.bytesize) while taken.bytesize < count
    taken
  rescue EOFError
    exit!(125)
  end
  words = take.(take.(8).to_i(16)).force_encoding(Encoding::UTF_8).split("\0", -1)
  count = 3 + words[2].to_i
  Dir.chdir(words[0])
  words[3...count].each { |pair| name, value = pair.split('=', 2); ENV[name] = value }
  ARGV.replace(words[count...-1])
  $LOADED_FEATURES.delete(__FILE__)
end.()
