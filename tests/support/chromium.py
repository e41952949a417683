"""The browser that looks at pages, where there is one."""

import shutil

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# Quiet, and without asking its makers for anything.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
