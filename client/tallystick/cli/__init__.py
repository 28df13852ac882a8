"""The command line: one file per noun, a thin layer on `tallystick.Client`."""
