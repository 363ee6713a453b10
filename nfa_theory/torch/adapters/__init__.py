"""What tells other tools of a probe's measurements; each tool is imported only when it is used.

Import from the module of the tool: ``tensorboard``, ``wandb``, ``lightning``, ``transformers``.
"""
