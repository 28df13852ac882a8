"""One thin typed binding per contract: its functions as `View` and `Write` values, nothing sent."""
