// Converses with the daemon by way of Go's sourcegraph/jsonrpc2, which sends "params": null for no params.
package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"

	"github.com/sourcegraph/jsonrpc2"
)

type pipes struct {
	io.Reader
	io.WriteCloser
}

type object map[string]interface{}

// output is what the program has printed.
type output struct {
	mutex sync.Mutex
	text  string
}

func (o *output) Handle(ctx context.Context, connection *jsonrpc2.Conn, request *jsonrpc2.Request) {
	if request.Method != "command/output" {
		return
	}
	var params struct{ CommandID, Data string }
	must(json.Unmarshal(*request.Params, &params))
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.text == "" {
		must(connection.Notify(ctx, "command/input", object{"commandId": params.CommandID, "data": "two\n"}))
	}
	o.text += params.Data
}

func must(fault error) {
	if fault != nil {
		panic(fault)
	}
}

func main() {
	ctx := context.Background()
	daemon := exec.Command(os.Getenv("DAEMON"))
	input, fault := daemon.StdinPipe()
	must(fault)
	reader, fault := daemon.StdoutPipe()
	must(fault)
	must(daemon.Start())
	printed := &output{}
	connection := jsonrpc2.NewConn(ctx, jsonrpc2.NewBufferedStream(pipes{reader, input}, jsonrpc2.VSCodeObjectCodec{}), printed)

	var session struct{ SessionID string }
	var run struct{ ExitCode int }
	var sleeping struct{ Outcome string }
	var close struct{ Closed bool }
	must(connection.Call(ctx, "initialize", object{"processId": os.Getpid(), "capabilities": object{}}, nil))
	must(connection.Notify(ctx, "initialized", nil))
	must(connection.Call(ctx, "session/create", object{"runtime": "native", "language": "shellscript"}, &session))
	id := session.SessionID
	must(connection.Call(ctx, "command/runCode", object{"sessionId": id, "code": os.Getenv("PROGRAM"), "interactive": true, "commandId": "run"}, &run))
	missing := connection.Call(ctx, "command/readFile", object{"sessionId": id, "path": "missing"}, nil).(*jsonrpc2.Error)
	waiter, fault := connection.DispatchCall(ctx, "command/executeShell",
		object{"sessionId": id, "command": "sleep 60", "commandId": "sleep"}, jsonrpc2.PickID(jsonrpc2.ID{Str: "sleep", IsString: true}))
	must(fault)
	must(connection.Notify(ctx, "$/cancelRequest", object{"id": "sleep"}))
	must(waiter.Wait(ctx, &sleeping))
	must(connection.Call(ctx, "session/close", object{"sessionId": id}, &close))
	must(connection.Call(ctx, "shutdown", nil, nil))
	must(connection.Notify(ctx, "exit", nil))
	<-connection.DisconnectNotify()
	_ = daemon.Wait()
	report, fault := json.Marshal(object{
		"output": printed.text, "exitCode": run.ExitCode, "error": missing.Code, "cancelled": sleeping.Outcome,
		"closed": close.Closed, "daemon": daemon.ProcessState.ExitCode(),
	})
	must(fault)
	must(os.WriteFile(os.Getenv("REPORT"), report, 0o600))
}
