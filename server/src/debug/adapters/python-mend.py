"""Makes good in the process of the program what debugpy does wrong: what fails is refused with the words of Python, and a
traceback has the frames of the program alone. sitecustomize.py has it run when debugpy is loaded, and before the program.
Another debugpy may be made of other parts. So what belongs together is a function that makes all replacements from the
parts that it needs, and where one of them is not there, none of these is made.
"""
import importlib
import re
import sys
import threading

# What has failed while the client waits for an answer. Each thread answers its own requests.
_asked = threading.local()
HITS = re.compile(r"\s*(==|>=?|<=?|%)?\s*\+?(\d+)\s*", re.ASCII)


def words(fault):
    """What went wrong, in one line."""
    try:
        text = str(fault.msg or "") if isinstance(fault, SyntaxError) else str(fault)
    except KeyboardInterrupt:
        raise
    except BaseException:
        text = ""
    return (type(fault).__name__ + (": " if text else "") + text.split("\n")[0]).rstrip()


def part(name):
    return importlib.import_module("_pydevd_bundle." + name)


def mend(replacements):
    """Makes the replacements (in what, of which name, and with what made of the original), or none of them."""
    try:
        made = [(owner, name, make(getattr(owner, name))) for owner, name, make in replacements()]
    except Exception:
        return
    for owner, name, replacement in made:
        setattr(owner, name, replacement)


def answering():
    """What makes the response to a request."""
    build, command, number = part("_debug_adapter.pydevd_base_schema").build_response, part("pydevd_net_command").NetCommand, part("pydevd_comm").CMD_RETURN
    return lambda request, **members: command(number, 0, build(request, kwargs=members), is_json=True)


def refuser():
    response = answering()

    def refuse(py_db, request, why):
        body = {"result": "", "variablesReference": 0} if request.command == "evaluate" else {"value": ""}
        py_db.writer.add_command(response(request, body=body, success=False, message=why if isinstance(why, str) else words(why)))

    return refuse


# Requests that evaluate.


def refusals():
    refuse, api, variables = refuser(), part("pydevd_api"), part("pydevd_vars")
    no_value = variables.ExceptionOnEvaluate
    names = "internal_change_variable_json", "internal_set_expression_json", "internal_evaluate_expression_json"
    return [(api, name, lambda original: refusing(original, refuse)) for name in names] + [
        (variables, "evaluate_expression", lambda original: evaluating(original, no_value)),
        (variables, "pydev_log", Log),
        (part("pydevd_comm"), "_evaluate_response_return_exception", lambda _: lambda py_db, request, kind, fault, tb: refuse(py_db, request, fault)),
    ]


def refusing(original, refuse):
    """Has the request be refused where anything is raised. debugpy would write it on stderr, and not answer, or tell the old value."""

    def answer(py_db, request, *rest):
        context = getattr(request.arguments, "context", None)
        if context == "hover":
            # It evaluates the same, and says what failed.
            request.arguments.context = "watch"
        _asked.refuses = context != "repl"
        try:
            return original(py_db, request, *rest)
        except (Exception, KeyboardInterrupt) as fault:
            return refuse(py_db, request, fault)
        finally:
            _asked.refuses = False

    return answer


def evaluating(original, no_value):
    def evaluate_expression(*args, **options):
        result = original(*args, **options)
        if getattr(_asked, "refuses", False) and isinstance(result, no_value):
            raise result.result
        return result

    return evaluate_expression


class Log:
    """The log of pydevd for the module that changes variables: while a client waits, what was caught goes on to it."""

    def __init__(self, log):
        self._log = log

    def __getattr__(self, name):
        return getattr(self._log, name)

    def exception(self, *args):
        if getattr(_asked, "refuses", False):
            raise
        self._log.exception(*args)


# Breakpoints.


def hits_as_expression(self, text):
    """As pydevd evaluates it. A text that is no number of hits stays as it is."""
    found = HITS.fullmatch(text or "")
    if not found:
        return text or None
    how, number = found[1] or "==", int(found[2])
    if how != "%":
        return "@HIT@ %s %d" % (how, number)
    return "@HIT@ %% %d == 0" % number if number else text


def parts_of(message):
    """The texts and the expressions of a log point, by turns. It begins and ends with a text."""
    parts, depth, start = [], 0, 0
    for at, each in enumerate(message):
        if each not in "{}":
            continue
        if depth == (0 if each == "{" else 1):
            parts.append(message[start:at])
            start = at + 1
        depth += 1 if each == "{" else -1
        if depth < 0:
            break
    if depth != 0:
        raise SyntaxError("the braces are not balanced")
    return parts + [message[start:]]


def fault_in(condition, hits, message):
    """Why a breakpoint cannot be set so. None: it can."""
    if hits and not hits.startswith("@HIT@"):
        return "this is no number of hits: " + hits
    try:
        for text in [condition] * bool(condition) + parts_of(message or "")[1::2]:
            compile(text.strip(), "<string>", "eval")
    except Exception as fault:
        return words(fault)
    return None


def adding(original):
    def add_breakpoint(self, py_db, filename, kind, number, line, condition, name, expression, policy, hits, *rest, **options):
        why = fault_in(condition, hits, expression)
        if why is None:
            return original(self, py_db, filename, kind, number, line, condition, name, expression, policy, hits, *rest, **options)
        result = self._AddBreakpointResult(number, filename, line, line)
        result.error_code = why
        return result

    return add_breakpoint


def describing(original, shape):
    def describe(self, py_db, source, number, result):
        if isinstance(result.error_code, str):
            return shape(verified=False, id=number, line=result.translated_line, message=result.error_code, source=source).to_dict()
        return original(self, py_db, source, number, result)

    return describe


def refusing_functions(original, response):
    def on_setfunctionbreakpoints_request(self, py_db, request):
        asked = request.arguments.breakpoints
        faults = [fault_in(each.get("condition"), self._get_hit_condition_expression(each.get("hitCondition")), None) for each in asked]
        request.arguments.breakpoints = [each for each, fault in zip(asked, faults) if fault is None]
        command = original(self, py_db, request)
        if not any(faults) or not command.as_dict["success"]:
            return command
        known = iter(command.as_dict["body"]["breakpoints"])
        shown = [next(known) if fault is None else {"verified": False, "message": fault} for fault in faults]
        return response(request, body={"breakpoints": shown})

    return on_setfunctionbreakpoints_request


def say(py_db, text):
    py_db.writer.add_command(py_db.cmd_factory.make_console_message(text + "\n"))


def stops(py_db, _, breakpoint, frame):
    """Whether the condition holds and the number of hits is as wanted. Once it is told that the condition has failed."""
    try:
        if breakpoint.condition and not eval(breakpoint.condition.strip(), frame.f_globals, frame.f_locals):
            return False
    except KeyboardInterrupt:
        # It is meant for the program.
        raise
    except BaseException as fault:
        if not hasattr(breakpoint, "codebeaker_told"):
            breakpoint.codebeaker_told = True
            line = getattr(breakpoint, "line", None)
            place = breakpoint.func_name if line is None else "%s:%s" % (frame.f_code.co_filename, line)
            say(py_db, "The condition of the breakpoint at %s failed: %s" % (place, words(fault)))
        return False
    return not getattr(breakpoint, "hit_condition", None) or breakpoint.handle_hit_condition(frame)


def log(_, breakpoint, info, frame):
    """Computes what a log point says. debugpy says it, if the condition holds."""
    info.pydev_message = said(breakpoint.expression, frame)


def said(message, frame):
    return "".join(value_of(part, frame) if at % 2 else part for at, part in enumerate(parts_of(message)))


def value_of(expression, frame):
    """As text. What fails stands for itself."""
    try:
        return str(eval(expression.strip(), frame.f_globals, frame.f_locals))
    except KeyboardInterrupt:
        raise
    except BaseException as fault:
        return words(fault)


def saying(original):
    def make_io_message(self, text, stream):
        # Log points alone name the stream in a text. What they say is not printed by the program.
        return self.make_console_message(text) if isinstance(stream, str) else original(self, text, stream)

    return make_io_message


def breakpoints():
    response, shape, process = answering(), part("_debug_adapter.pydevd_schema").Breakpoint, part("pydevd_process_net_command_json")
    processor, debugger = process.PyDevJsonCommandProcessor, importlib.import_module("pydevd").PyDB
    return [
        (part("pydevd_api").PyDevdAPI, "add_breakpoint", adding),
        (processor, "_create_breakpoint_from_add_breakpoint_result", lambda original: describing(original, shape)),
        (processor, "_get_hit_condition_expression", lambda _: hits_as_expression),
        (processor, "on_setfunctionbreakpoints_request", lambda original: refusing_functions(original, response)),
        # The message of a log point stays as the client wrote it until it is said.
        (process, "convert_dap_log_message_to_expression", lambda _: lambda message: message),
        (debugger, "handle_breakpoint_expression", lambda _: log),
        (part("pydevd_net_command_factory_json").NetCommandFactoryJson, "make_io_message", saying),
        (debugger, "handle_breakpoint_condition", lambda _: stops),
    ]


# Exceptions.


def ends():
    # Who calls `sys.exit` wants the program to end, whatever its code is.
    return [(importlib.import_module("pydevd").PyDB, "ignore_system_exit_code", lambda _: lambda self, exit: True)]


# Tracebacks.


def running(original, runner):
    def run_path(*args, **options):
        try:
            return original(*args, **options)
        except SystemExit:
            raise
        except BaseException as fault:
            own = fault.__traceback__
            while own and own.tb_frame.f_code.co_filename in (__file__, runner.__file__):
                own = own.tb_next
            sys.excepthook(type(fault), fault.with_traceback(own), own)
            # It has been shown. What else Python makes of it, such as the signal of a KeyboardInterrupt, is as it always is.
            sys.excepthook = lambda *_: None
            raise

    return run_path


def tracebacks():
    runner, traced = part("pydevd_runpy"), part("pydevd_dont_trace_files")
    own = {__file__.rpartition("/")[2]: traced.PYDEV_FILE}
    return [(runner, "run_path", lambda original: running(original, runner)), (traced, "DONT_TRACE", lambda original: original.update(own) or original)]


for each in (refusals, breakpoints, ends, tracebacks):
    mend(each)
