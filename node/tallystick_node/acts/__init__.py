"""Quorum acts: releases, credits and freezes, judged here, attested by a quorum, sent from here."""
