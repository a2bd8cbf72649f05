"""Installing: the steps, each in its own file, and the pipeline that orders and undoes them."""
