print('src/serve.py')
