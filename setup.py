"""Build of the native extension; everything else is declared in pyproject.toml."""

import sysconfig

from setuptools import setup

# setuptools refuses the limited API on free-threaded Python 3.13 and 3.14
ABI3 = not sysconfig.get_config_var("Py_GIL_DISABLED")

setup(
    cffi_modules=["csrc/build.py:ffibuilder"],
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if ABI3 else {},
)
