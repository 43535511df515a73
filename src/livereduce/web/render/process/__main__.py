"""``python -m livereduce.web.render.process``: reads jobs from standard input and answers on standard output."""

from livereduce.web.render.process.child import main

if __name__ == "__main__":
    main()
