"""Plain data and text: settings and the files written from them. Creates no resource."""
