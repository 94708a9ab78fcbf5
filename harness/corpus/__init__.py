"""What is worked on: from a dataset's configuration to utterances, decoded one at a time as the run comes to them.

A *form* is how a dataset lies on disk: a recording, a manifest, a folder. Each form's module reads *entries*
(:mod:`harness.corpus.entry`): what is named, not yet decoded. :mod:`harness.corpus.corpus` makes utterances of them.
"""
