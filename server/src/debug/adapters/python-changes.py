# Goes on where python-mend.py ends, in the same file of the sandbox: variables that a client changes.


def missing(name):
    return 'There is no variable "%s" here.' % name


def changes():
    response, refuse = answering(), refuser()

    def change_global(py_db, request, variable):
        arguments, frame = request.arguments, variable.frame
        value = frame.f_globals[arguments.name] = eval(arguments.value, frame.f_globals, frame.f_locals)
        child = variable.get_child_variable_named(arguments.name, scope=arguments.variablesReference)
        data = child.get_var_data() if child else {"value": repr(value), "type": type(value).__name__}
        body = {name: data[name] for name in ("value", "type", "variablesReference", "namedVariables", "indexedVariables") if data.get(name) is not None}
        py_db.writer.add_command(response(request, body=body))

    def in_scope(original):
        """debugpy takes the scope of the globals for that of the locals, and makes what is not there."""

        def internal_change_variable_json(py_db, request):
            arguments = request.arguments
            scope = getattr(arguments.variablesReference, "scope", None)
            if scope is None:
                return original(py_db, request)
            try:
                variable = py_db.suspended_frames_manager.get_variable(arguments.variablesReference.variable_reference)
                frame = variable.frame
                if arguments.name not in (frame.f_globals if scope == "globals" else frame.f_locals):
                    return refuse(py_db, request, missing(arguments.name))
                if scope == "globals" and frame.f_globals is not frame.f_locals:
                    return change_global(py_db, request, variable)
            except BaseException as fault:
                return refuse(py_db, request, fault)
            return original(py_db, request)

        return internal_change_variable_json

    def in_frame(original):
        def internal_set_expression_json(py_db, request, thread_id, *rest):
            name = request.arguments.expression.strip()
            frame = py_db.find_frame(thread_id, request.arguments.frameId)
            if frame and name.isidentifier() and name not in frame.f_locals:
                if name not in frame.f_globals:
                    return refuse(py_db, request, missing(name))
                # An assignment by itself would make a variable of the function.
                request.arguments.expression = "globals()[%r]" % name
            return original(py_db, request, thread_id, *rest)

        return internal_set_expression_json

    api = part("pydevd_api")
    return [(api, "internal_change_variable_json", in_scope), (api, "internal_set_expression_json", in_frame)]


mend(changes)
