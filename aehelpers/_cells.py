"""What earlier runs of a cell have left behind: widgets that are out of sight, but not gone."""

import weakref

from IPython import get_ipython

_made = {}  # for each cell the run that is its latest, and the widgets that it has made


def close_earlier(widget):
    """Closes what an earlier run of the cell that runs now has made, and remembers a widget.

    A front end takes the output of a cell away when it runs again, but neither it nor the kernel
    forgets the widgets in it: each would cost megabytes for as long as the notebook is open.
    A widget that was closed and is shown again comes back.

    Args:
        widget: One that has just been made, with a method `close`.
    """
    shell = get_ipython()
    request = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell = (request.get("metadata") or {}).get("cellId")
    if cell is None:  # not in a cell, or in a front end that doesn't say in which
        return
    run = request["header"]["msg_id"]
    latest, widgets = _made.get(cell, (None, []))
    if latest != run:
        for each in widgets:
            if (earlier := each()) is not None:
                earlier.close()
        widgets = []
    widgets.append(weakref.ref(widget))
    _made[cell] = run, widgets
