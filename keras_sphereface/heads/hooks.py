def check_hooks(head):
    """Refuses a head that overrides what only some ways to train would see.

    The class that says what may not be overridden, in `fixed_methods`, says
    what may be, in `hooks`.

    Args:
        head: `MarginHead`.

    Raises:
        ValueError: if a method in `fixed_methods` is overridden.
    """
    head_class = type(head)
    owner = next(c for c in head_class.__mro__ if "fixed_methods" in vars(c))
    for name in owner.fixed_methods:
        if getattr(head_class, name) != getattr(owner, name):
            hooks = ", ".join(f"`{hook}`" for hook in owner.hooks)
            raise ValueError(
                f"`{name}` of {owner.__name__} must not be overridden: "
                f"only some ways to train would see it. Override {hooks}. "
                f"Received: {head_class.__name__}.{name}"
            )
