"""Long runs that try to break the storage: `make storage`. The suite runs each of them short."""
