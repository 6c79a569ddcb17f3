"""Converses with the daemon by way of python3-pylsp-jsonrpc, the library of Python's language server.

Its reader ends when the answer to a request comes that it has cancelled, so nothing is cancelled here.
"""
import json
import os
import subprocess
import threading

from pylsp_jsonrpc.endpoint import Endpoint
from pylsp_jsonrpc.exceptions import JsonRpcException
from pylsp_jsonrpc.streams import JsonRpcStreamReader, JsonRpcStreamWriter

daemon = subprocess.Popen([os.environ['DAEMON']], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
output = []


def on_output(params):
    if not output:
        endpoint.notify('command/input', {'commandId': params['commandId'], 'data': 'two\n'})
    output.append(params['data'])


endpoint = Endpoint({'command/output': on_output}, JsonRpcStreamWriter(daemon.stdin).write)
threading.Thread(target=JsonRpcStreamReader(daemon.stdout).listen, args=[endpoint.consume], daemon=True).start()


def request(method, params=None):
    return endpoint.request(method, params).result(60)


def code_of(method, params):
    try:
        return request(method, params)
    except JsonRpcException as fault:
        return fault.code


request('initialize', {'processId': os.getpid(), 'capabilities': {}})
endpoint.notify('initialized', {})
session = request('session/create', {'runtime': 'native', 'language': 'shellscript'})['sessionId']
run = request('command/runCode', {'sessionId': session, 'code': os.environ['PROGRAM'], 'interactive': True, 'commandId': 'run'})
error = code_of('command/readFile', {'sessionId': session, 'path': 'missing'})
close = request('session/close', {'sessionId': session})
request('shutdown')
endpoint.notify('exit')
report = {
    'output': ''.join(output), 'exitCode': run['exitCode'], 'error': error,
    'closed': close['closed'], 'daemon': daemon.wait(10),
}
with open(os.environ['REPORT'], 'w', encoding='utf-8') as file:
    json.dump(report, file)
