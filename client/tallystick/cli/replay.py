"""placeholder"""


def add_to(root):
    pass
