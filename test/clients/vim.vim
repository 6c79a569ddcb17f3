vim9script
# Converses with the daemon by way of Vim's channels in the mode `lsp`.
var output = ''
var daemon: any = null

def Read(channel: channel, message: dict<any>)
  if message->get('method', '') != 'command/output'
    return
  endif
  if output == ''
    ch_sendexpr(channel, {method: 'command/input', params: {commandId: message.params.commandId, data: "two\n"}})
  endif
  output ..= message.params.data
enddef

var job = job_start([$DAEMON], {
  in_mode: 'lsp', out_mode: 'lsp', err_mode: 'nl', noblock: 1,
  callback: Read, err_io: 'null',
  exit_cb: (_, code) => {
    daemon = code
  },
})
var daemonChannel = job_getchannel(job)

def Wait(Check: func(): bool)
  for _ in range(6000)
    if Check()
      return
    endif
    sleep 10m
  endfor
  throw 'it takes too long'
enddef

def Ignore(id: number)
enddef

# Sends a request, calls `Sent` with its id, and returns the answer.
def Request(method: string, params: any, Sent: func(number) = Ignore): dict<any>
  var answer: dict<any> = {}
  var message: dict<any> = {method: method}
  if params != null
    message.params = params
  endif
  var sent = ch_sendexpr(daemonChannel, message, {callback: (_, reply) => {
    answer = reply
  }})
  Sent(sent.id)
  Wait(() => !answer->empty())
  return answer
enddef

def Converse(): dict<any>
  Request('initialize', {processId: getpid(), capabilities: {}})
  ch_sendexpr(daemonChannel, {method: 'initialized', params: {}})
  var sessionId = Request('session/create', {runtime: 'native', language: 'shellscript'}).result.sessionId
  var run = Request('command/runCode', {sessionId: sessionId, code: $PROGRAM, interactive: true, commandId: 'run'}).result
  var error = Request('command/readFile', {sessionId: sessionId, path: 'missing'}).error
  var sleeping = Request('command/executeShell', {sessionId: sessionId, command: 'sleep 60', commandId: 'sleep'}, (id) => {
    ch_sendexpr(daemonChannel, {method: '$/cancelRequest', params: {id: id}})
  }).result
  var close = Request('session/close', {sessionId: sessionId}).result
  Request('shutdown', null)
  ch_sendexpr(daemonChannel, {method: 'exit'})
  Wait(() => daemon != null)
  return {output: output, exitCode: run.exitCode, error: error.code, cancelled: sleeping.outcome, closed: close.closed, daemon: daemon}
enddef

var report: any
try
  report = Converse()
catch
  report = v:exception .. ' at ' .. v:throwpoint
endtry
writefile([json_encode(report)], $REPORT)
qall!
