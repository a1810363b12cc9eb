class Refused(Exception):  # noqa: N818 - what the root did
    """A step of the image, or a part of the service, does not run in the root."""
