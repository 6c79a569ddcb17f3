# Ruby requires this before the program, so that output arrives while the program runs: it has no switch for that.
$stdout.sync = true
