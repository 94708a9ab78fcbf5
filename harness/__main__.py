"""``python -m harness``."""

from harness.own_modules import leave_out_working_directory

if __name__ == "__main__":
    leave_out_working_directory()  # first of all: what is imported from here on must not come from there

    from harness.cli import main

    main()
