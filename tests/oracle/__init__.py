"""The plain-Python oracle: what the product must come to, computed a second time from the design alone.

Statements or CSV bytes flow in; silver, its accounting and its digest flow out. Standard library only, and
nothing imported from `lakehouse`: an error shared by both sides would go unseen.
"""
