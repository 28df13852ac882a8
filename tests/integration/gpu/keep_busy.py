"""Keeps the first device busy through the driver alone: `SECONDS BYTES`; prints once it does."""

import ctypes
import sys
import time

FILLS_AT_ONCE = 64


def check(code: int) -> None:
    if code:
        raise SystemExit(f"CUDA driver error {code}")


def main() -> None:
    seconds, size = float(sys.argv[1]), int(sys.argv[2])
    cuda = ctypes.CDLL("libcuda.so.1")
    device, context, memory = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_uint64()
    check(cuda.cuInit(0))
    check(cuda.cuDeviceGet(ctypes.byref(device), 0))
    check(cuda.cuCtxCreate_v2(ctypes.byref(context), 0, device))
    check(cuda.cuMemAlloc_v2(ctypes.byref(memory), ctypes.c_size_t(size)))
    print("busy", flush=True)
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        for _ in range(FILLS_AT_ONCE):
            check(cuda.cuMemsetD8_v2(memory, ctypes.c_ubyte(1), ctypes.c_size_t(size)))
        check(cuda.cuCtxSynchronize())


main()
