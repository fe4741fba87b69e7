"""The product beside what people would otherwise run: the same work, driven the same way on the same machine."""
