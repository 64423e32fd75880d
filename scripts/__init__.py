"""What the Makefile calls, each as `python -m scripts.NAME`.

`course` knows the notebooks, `tables` writes what stands between markers in the pages, `results`
keeps what was measured. `setup_env.py` alone is run as a file, by whatever Python there is.
"""
