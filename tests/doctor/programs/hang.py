"""Mounts a file system that never answers, and runs a program beside it: hang.py DIRECTORY PROGRAM…"""
import ctypes, os, sys
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
if libc.mount(b"hang", sys.argv[1].encode(), b"fuse", 0, options):
    sys.exit(f"hang.py: {os.strerror(ctypes.get_errno())}")
pid = os.fork()
if pid == 0:
    os.close(fd)
    os.execvp(sys.argv[2], sys.argv[2:])
os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
