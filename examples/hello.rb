puts "Hello from Ruby #{RUBY_VERSION}, in a sandbox!"
