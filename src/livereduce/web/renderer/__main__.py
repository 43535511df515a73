"""``python -m livereduce.web.renderer``: reads jobs from standard input and answers on standard output."""

from livereduce.web.renderer.child import main

if __name__ == "__main__":
    main()
