/** Hostile programs in Go. The debugger is another process, which has connected to the daemon. */
import type { HostileProgram } from './program.ts';

/** Sends a signal to whatever it finds, makes the file `sent`, and waits. */
const signals = (signal: string) => `package main

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

func main() {
	found, _ := filepath.Glob("/proc/[0-9]*")
	for _, each := range found {
		if pid, err := strconv.Atoi(filepath.Base(each)); err == nil && pid > 1 && pid != os.Getpid() {
			syscall.Kill(pid, syscall.${signal})
		}
	}
	os.WriteFile("sent", nil, 0o600)
	time.Sleep(1000 * time.Second)
	println() // here
}
`;

export const go: HostileProgram = {
  language: 'go',
  main: 'main.go',
  literal: JSON.stringify,
  code: {
    forges: `package main

import "os"

func main() {
	for _, file := range []*os.File{os.Stdout, os.Stderr} {
		file.WriteString(FORGED)
	}
	println() // here
}
`,
    writes: `package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	found, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, each := range found {
		if file, err := os.OpenFile(each, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			file.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			file.WriteString(FORGED)
		}
	}
	// Its own cannot be opened by name if they are sockets.
	for fd := 3; fd < 30; fd++ {
		syscall.SetNonblock(fd, true)
		syscall.Write(fd, []byte(FORGED))
	}
	text, _ := os.ReadFile("/proc/net/tcp")
	for _, line := range strings.Split(string(text), "\\n") {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != "0A" {
			continue
		}
		port, _ := strconv.ParseInt(fields[1][len(fields[1])-4:], 16, 32)
		if connection, err := net.DialTimeout("tcp", "127.0.0.1:"+strconv.Itoa(int(port)), time.Second); err == nil {
			connection.Write([]byte(FORGED))
		}
	}
	time.Sleep(300 * time.Millisecond)
	println() // here
}
`,
    stops: signals('SIGSTOP'),
    kills: signals('SIGKILL'),
    floods: `package main

import (
	"os"
	"os/exec"
	"time"
)

func main() {
	yes := exec.Command("yes", "flood")
	yes.Stdout = os.Stdout
	yes.Start()
	println() // here
	time.Sleep(1000 * time.Second)
}
`,
    holds: `package main

import "strings"

type node struct{ next *node }

type loud struct{}

func (l loud) String() string { return l.String() }

func main() {
	large := strings.Repeat("x", 10_000_000)
	round_about := &node{}
	round_about.next = round_about
	var deep interface{}
	for i := 0; i < 100_000; i++ {
		deep = []interface{}{deep}
	}
	odd := loud{}
	named := map[string]int{"a\\x1b]52;c;eA==\\x07\\n\\u202eb": 7}
	println(len(large), round_about, deep != nil, &odd, len(named)) // here
}
`,
    takes: 'package main\n\nfunc main() {\n\tprintln() // here\n}\n',
  },
  // A dlv that is found first connects before the real one is started.
  taker: {
    env: { PATH: '/workspace/taker:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    files: {
      'taker/dlv': `#!/usr/bin/python3
import os, socket, sys
if "--client-addr" in sys.argv:
    taken = socket.create_connection(("127.0.0.1", int(sys.argv[sys.argv.index("--client-addr") + 1].split(":")[1])))
    taken.sendall(FORGED)
    os.set_inheritable(taken.fileno(), True)
os.execv("/usr/bin/dlv", ["dlv", *sys.argv[1:]])
`,
    },
  },
};
