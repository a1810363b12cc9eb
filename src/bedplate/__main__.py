from bedplate.cli import main

main()
