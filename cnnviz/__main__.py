"""`python -m cnnviz`: the bench without a browser."""

from cnnviz.cli import main

main()
