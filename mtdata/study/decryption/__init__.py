"""How sealed values are opened: keys in every form, backends, processes beside ours."""
