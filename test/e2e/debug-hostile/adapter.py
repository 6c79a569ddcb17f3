"""A debug adapter that attacks its client: a program of a sandbox that is taken for the debugger of its language.

It obeys, but for what the file `attack.py` beside it says, which may define:
`first()`, called before anything is read; `go()`, called when the client has configured everything; `answers`, the bodies of
its answers by command; `silent`, the commands that it does not answer; and `answered(message)`, which is called with what
answers a request of its own. Its first argument is the port to which it connects; without one it speaks on its streams.
"""
import json
import os
import socket
import subprocess
import sys
import time

if len(sys.argv) > 1:
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    source, target = connection.makefile("rb"), connection.fileno()
else:
    connection, source, target = None, sys.stdin.buffer, os.dup(1)
seq = 0
answers, silent = {}, set()


def first():
    pass


def go():
    pass


def answered(message):
    pass


def raw(data):
    while data:
        data = data[os.write(target, data):]


def send(**message):
    global seq
    seq += 1
    body = json.dumps({"seq": seq, **message}).encode()
    raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)


def event(name, body=None):
    send(type="event", event=name, **({} if body is None else {"body": body}))


def say(text):
    event("output", {"category": "console", "output": text})


def answer(request, body):
    send(type="response", request_seq=request["seq"], success=True, command=request["command"], body=body)


def requests():
    while line := source.readline():
        while source.readline().strip():
            pass
        yield json.loads(source.read(int(line.split(b":")[1])))


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "attack.py"), encoding="utf-8") as file:
    exec(file.read())
first()
for message in requests():
    if message["type"] == "response":
        answered(message)
        continue
    command = message["command"]
    if command not in silent:
        answer(message, answers.get(command, {}))
        if command == "launch":
            event("initialized")
        if command == "configurationDone":
            event("stopped", {"reason": "pause", "threadId": 1})
    if command == "configurationDone":
        go()
    if command == "disconnect" and command not in silent:
        event("terminated")
        sys.exit(0)
