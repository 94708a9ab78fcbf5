"""Speech whose word times are known because it was put together: for showing how right an aligner and a probe are.

Two ways: :mod:`harness.synthetic.pieces` cuts words out of an aligned recording, which
:mod:`harness.synthetic.sentences` orders and :mod:`harness.synthetic.layout` lays out again, at sample positions that
it chooses; :mod:`harness.synthetic.espeak` has whole sentences spoken by espeak-ng, which says where each word begins.
Both take for a word's edges the first and the last millisecond of it that can be heard
(:mod:`harness.synthetic.audible`); :mod:`harness.synthetic.folder` writes what they give.
"""
