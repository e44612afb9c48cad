"""What can go wrong, by who can mend it. Every message is one sentence: what, where, and what to do."""


class VitrinaError(Exception):
    """Anything Vitrina refuses to do; the message is meant for the person at the keyboard."""


class DataError(VitrinaError):
    """A file, column, row or array that cannot be learned from or predicted on."""


class NetworkError(VitrinaError, ValueError):
    """A network described in a way that cannot work."""


class ShapeError(NetworkError):
    """A layer that does not fit what comes into it; names the layer and both shapes."""


class ModelError(VitrinaError):
    """A model file or run that cannot be read, or does not fit what it is asked to do."""


class EngineError(VitrinaError):
    """An engine that is not installed or cannot do what a network needs."""


class UsageError(VitrinaError, ValueError):
    """An option or argument that makes no sense as given."""
