"""The application: settings, composition and the command line."""
