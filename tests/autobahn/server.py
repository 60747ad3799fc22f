"""server.py PACKAGES WSTEST-ARGUMENT...: the suite's own command, made to run on loopback, without TLS and within
memory. The cases and their verdicts are untouched. Python 2.7, in the surroundings that `setup` makes.

It listens on a port that is free, whatever the specification says, and writes it to the file `port`.
"""
import gc
import hashlib
import os
import site
import sys
import types
import unittest

# As a site folder, so that the .pth file which makes `zope` a package is read.
site.addsitedir(sys.argv.pop(1))


# Modules that the suite imports at its start and that nothing uses on ws://. The real ones need C libraries.
def stand_in(name, module):
    sys.modules[name] = module
    package, _, attribute = name.rpartition('.')
    if package:
        __import__(package)
        setattr(sys.modules[package], attribute, module)


stand_in('unittest2', unittest)
stand_in('twisted.internet.ssl', types.ModuleType('twisted.internet.ssl'))

from autobahntestsuite import fuzzing, wstest  # noqa: E402
from autobahntestsuite.case import case12_x_x  # noqa: E402
from twisted.internet import reactor  # noqa: E402


# --- Loopback only, on a free port ---------------------------------------------------------------------------------

def listen(factory, context_factory=None):
    listening = reactor.listenTCP(0, factory, interface='127.0.0.1')
    # What the Host header of a client is compared to.
    factory.port = factory.externalPort = listening.getHost().port
    with open('port.new', 'w') as file:
        file.write(str(factory.port))
    os.rename('port.new', 'port')  # whoever sees it sees all of it
    return listening


fuzzing.listenWS = listen


# --- Memory: without these, 12.* and 13.* take many gigabytes under PyPy -------------------------------------------

class Sha1(object):
    """PyPy's own keeps a copy of every `str` that it was given, and none of a `bytearray`."""

    def __init__(self):
        hashing = hashlib.sha1()
        self.update = lambda data: hashing.update(bytearray(data))
        self.digest = hashing.digest


case12_x_x.hashlib = types.ModuleType('hashlib')
case12_x_x.hashlib.sha1 = Sha1

lost = fuzzing.FuzzingProtocol.connectionLost


def connection_lost(self, reason):
    """PyPy's collector does not see what the C library behind zlib holds: two windows for every message of a case
    without context takeover. So it is told when."""
    lost(self, reason)
    if self.runCase and self._perMessageCompress:
        gc.collect()


fuzzing.FuzzingProtocol.connectionLost = connection_lost

wstest.run()
