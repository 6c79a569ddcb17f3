"""Guess a number between 1 and 100. Reads stdin, a line at a time."""
import random

secret = random.randint(1, 100)
tries = 0

while True:
    try:
        line = input("Your guess: ")
    except EOFError:
        print(f"\nIt was {secret}.")
        break
    if not line.strip().isdigit():
        print("A number, please.")
        continue
    tries += 1
    guess = int(line)
    if guess == secret:
        print(f"Right, after {tries} tries!")
        break
    print("Higher." if guess > secret else "Lower.")
