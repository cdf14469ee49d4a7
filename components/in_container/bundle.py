"""Runs the last of several sources, which finds the others as modules: no image has to have them."""

import json
import sys
import types

*modules, (_, script) = json.loads(sys.argv.pop(1))
for name, source in modules:
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
exec(compile(script, "script", "exec"), {"__name__": "__main__"})
