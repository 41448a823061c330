"""The pages, a file each: it says at which paths it stands, reads what it shows, and gives a template plain values."""
