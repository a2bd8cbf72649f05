"""The developer portal: what authors see of their publishers, extensions and versions."""
