"""What an answer is followed with, whichever provider it comes from."""
