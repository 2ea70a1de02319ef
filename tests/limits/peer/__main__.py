"""
Measures with direct system calls what `ipcx limits` measures, and prints it as
JSON by name. Modules can be named; without, it is all of them.
"""
import importlib
import json
import sys

MODULES = ["telling", "sizes", "waiting", "cutting", "passing", "naming", "copying"]

print(json.dumps({
    name: value
    for module in sys.argv[1:] or MODULES
    for name, value in importlib.import_module(module).measure().items()
}))
