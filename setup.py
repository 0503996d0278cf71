"""Build of the native extension; everything else is declared in pyproject.toml."""

import os
import sysconfig
from concurrent.futures import ThreadPoolExecutor

from setuptools import setup
from setuptools.command.build_ext import build_ext

# setuptools refuses the limited API on free-threaded Python 3.13 and 3.14
ABI3 = not sysconfig.get_config_var("Py_GIL_DISABLED")


class SideBySide(build_ext):
    """Compiles the sources side by side: each instruction set alone takes most of a minute."""

    def build_extension(self, extension):
        one_by_one = self.compiler.compile

        def compile(sources, **options):
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                found = list(pool.map(lambda source: one_by_one([source], **options), sources))
            return [path for objects in found for path in objects]

        self.compiler.compile = compile
        super().build_extension(extension)


setup(
    cffi_modules=["csrc/build.py:ffibuilder"],
    cmdclass={"build_ext": SideBySide},
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if ABI3 else {},
)
