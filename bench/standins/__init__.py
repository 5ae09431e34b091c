"""The services of a question, stood in for with the time that they would take, and little else.

They run in a process of their own, on a core of their own: what is measured is who asks them.
"""
