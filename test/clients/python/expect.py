import time


def until(what, check):
    """Waits for what will come to be."""
    end = time.time() + 30
    while time.time() < end:
        found = check()
        if found:
            return found
        time.sleep(0.05)
    raise SystemExit(f"{what} did not happen")
