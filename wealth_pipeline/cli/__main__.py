"""`python -m wealth_pipeline.cli`: the same as `wealth`."""

from wealth_pipeline.cli.main import main

main()
