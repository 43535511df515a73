"""Parameters of scripts as data: ``parameters.json`` beside the scripts, and `livereduce.parameter`, which reads it.

The file is part of the script set: judged with it, copied for a generation, remembered as last good, and watched
together with the files that its values name (calibrations). May import `base` and `messages`; standard library only.
Read `form.py` first, then `asking.py`; `scripting/parameter.py` is what scripts call.
"""
