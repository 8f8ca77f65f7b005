"""Values to pictures: first a Figure, which is plain data, then drawn in the terminal, as an image, as a page.

matplotlib and Plotly are loaded by the drawer that needs them, when it draws.
"""
